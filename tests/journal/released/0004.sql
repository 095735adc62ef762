BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	receipt_key VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	factory_number VARCHAR NOT NULL, 
	registration_number VARCHAR NOT NULL, 
	storage_number VARCHAR NOT NULL, 
	last_document INTEGER NOT NULL, 
	shift_number INTEGER NOT NULL, 
	started_at INTEGER NOT NULL, 
	ended_at INTEGER, 
	outcome VARCHAR NOT NULL, 
	evidence VARCHAR NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id), 
	CONSTRAINT ck_attempts_number CHECK (number >= 1), 
	CONSTRAINT ck_attempts_outcome CHECK (outcome IN ('','fiscalized','pending','refused')), 
	CONSTRAINT ck_attempts_ended CHECK ((outcome = '') = (ended_at IS NULL)), 
	CONSTRAINT fk_attempts_receipt_key FOREIGN KEY(receipt_key) REFERENCES receipts ("key")
);
INSERT INTO "attempts" VALUES(1,'0000000000000081',1,'00106700000001','0000000001000001','9999078900000001',0,3,1782896400000000,1782896400000000,'fiscalized','{"read":1}');
INSERT INTO "attempts" VALUES(2,'00000000000000G1',1,'00106700000001','0000000001000001','9999078900000001',1,3,1782896580000000,1782896580000000,'pending','{"after":1,"last":1}');
INSERT INTO "attempts" VALUES(3,'0000000000000101',1,'00000000000009','0000000001000001','9999000000000009',7,2,1782896640000000,NULL,'','{}');
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	who VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	why VARCHAR NOT NULL, 
	facts VARCHAR NOT NULL, 
	previous VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id), 
	CONSTRAINT ck_audit_id CHECK (id >= 1), 
	CONSTRAINT ck_audit_hash CHECK (length(previous) = 64 AND length(hash) = 64)
);
INSERT INTO "audit" VALUES(1,1782896400000000,'Иванова','receipt.not_made','00000000000000G1','чека нет на ленте','{"till":"1"}','0000000000000000000000000000000000000000000000000000000000000000','a6383a4ba6e363b1393caa5a37d1fd90122650908c24fb1e695e163d12c5978a');
CREATE TABLE courier_days (
	id INTEGER NOT NULL, 
	is_open BOOLEAN NOT NULL, 
	courier VARCHAR NOT NULL, 
	opened_by VARCHAR NOT NULL, 
	opened_at INTEGER NOT NULL, 
	float_kopecks INTEGER NOT NULL, 
	storage_number VARCHAR NOT NULL, 
	after_document INTEGER NOT NULL, 
	until_document INTEGER, 
	closed_at INTEGER, 
	received_by VARCHAR, 
	counted_kopecks INTEGER, 
	why VARCHAR NOT NULL, 
	figures VARCHAR, 
	CONSTRAINT pk_courier_days PRIMARY KEY (id), 
	CONSTRAINT ck_courier_days_float CHECK (typeof(float_kopecks) = 'integer' AND float_kopecks >= 0), 
	CONSTRAINT ck_courier_days_names CHECK (length(courier) > 0 AND length(opened_by) > 0), 
	CONSTRAINT ck_courier_days_closed CHECK ((closed_at IS NULL) = (received_by IS NULL) AND (closed_at IS NULL) = (counted_kopecks IS NULL) AND (closed_at IS NULL) = (until_document IS NULL) AND (closed_at IS NULL) = (figures IS NULL)), 
	CONSTRAINT ck_courier_days_counted CHECK (counted_kopecks IS NULL OR (typeof(counted_kopecks) = 'integer' AND counted_kopecks >= 0)), 
	CONSTRAINT ck_courier_days_open CHECK (is_open = (closed_at IS NULL))
);
INSERT INTO "courier_days" VALUES(1,1,'Петров','Петров',1782900000000000,100000,'9999078900000001',1,NULL,NULL,NULL,NULL,'',NULL);
CREATE TABLE devices (
	factory_number VARCHAR NOT NULL, 
	registration_number VARCHAR NOT NULL, 
	storage_number VARCHAR NOT NULL, 
	last_document INTEGER NOT NULL, 
	seen_at INTEGER NOT NULL, 
	CONSTRAINT pk_devices PRIMARY KEY (factory_number), 
	CONSTRAINT ck_devices_document CHECK (last_document >= 0)
);
INSERT INTO "devices" VALUES('00106700000001','0000000001000001','9999078900000001',1,1782896640000000);
CREATE TABLE facts (
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('pulled_until:shop.example','2026-07-01T09:00:00+00:00');
INSERT INTO "facts" VALUES('audit_head','1 a6383a4ba6e363b1393caa5a37d1fd90122650908c24fb1e695e163d12c5978a');
CREATE TABLE foreign_documents (
	storage_number VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	factory_number VARCHAR NOT NULL, 
	seen_at INTEGER NOT NULL, 
	body VARCHAR NOT NULL, 
	CONSTRAINT pk_foreign_documents PRIMARY KEY (storage_number, number)
);
CREATE TABLE operations (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	amount_kopecks INTEGER, 
	factory_number VARCHAR NOT NULL, 
	registration_number VARCHAR NOT NULL, 
	storage_number VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	"before" VARCHAR NOT NULL, 
	evidence VARCHAR NOT NULL, 
	cashier VARCHAR NOT NULL, 
	started_at INTEGER NOT NULL, 
	ended_at INTEGER, 
	CONSTRAINT pk_operations PRIMARY KEY (id), 
	CONSTRAINT ck_operations_kind CHECK (kind IN ('shift_open','shift_close','cash_in','cash_out','x_report')), 
	CONSTRAINT ck_operations_state CHECK (state IN ('sending','done','refused')), 
	CONSTRAINT ck_operations_ended CHECK ((state = 'sending') = (ended_at IS NULL)), 
	CONSTRAINT ck_operations_amount CHECK (amount_kopecks IS NULL OR (typeof(amount_kopecks) = 'integer' AND amount_kopecks > 0))
);
INSERT INTO "operations" VALUES(1,'cash_in',5000,'00106700000001','0000000001000001','9999078900000001','done','{"cash_in_kopecks":0}','{}','Иванова А. П.',1782896640000000,1782896640000000);
CREATE TABLE orders (
	portal VARCHAR NOT NULL, 
	order_id INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	number_key VARCHAR NOT NULL, 
	is_courier BOOLEAN NOT NULL, 
	is_claimed BOOLEAN NOT NULL, 
	pulled_at VARCHAR NOT NULL, 
	search VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	CONSTRAINT pk_orders PRIMARY KEY (portal, order_id)
);
INSERT INTO "orders" VALUES('shop.example',1,'ЗК-1/А','зк-1/а',1,1,'2026-07-01T09:00:00+00:00','зк-1/а
пётр ёлкин
ооо «ромашка»
+7 999 123-45-67
ленина, 1','{"portal":"shop.example","order_id":1,"number":"ЗК-1/А","version":3,"status_id":"N","is_cancelled":false,"price":56541,"lines":[{"name":"Молоко","quantity":"2","price":8990,"vat_row":3,"vat_percent":"10.00","product_id":77,"base_price":9990,"measure":"шт","is_delivery":false},{"name":"Доставка","quantity":"0.386","price":99900,"vat_row":null,"vat_percent":null,"product_id":0,"base_price":null,"measure":"шт","is_delivery":true}],"payments":[{"payment_id":5,"pay_system_id":2,"pay_system":"Наличные","amount":56541,"is_paid":false,"is_inner":false,"prints_receipt":false}],"shipments":[[9,false],[10,true]],"buyer":{"name":"Пётр Ёлкин","phone":"+7 999 123-45-67","email":"p@example.com","address":"Ленина, 1","company":"ООО «Ромашка»","inn":"7700000000"},"updated_at":"2026-07-01T11:00:00+03:00","comment":"позвонить","delivery_window":"10–12","delivery_date":"2026-07-02","is_courier":true,"problems":["vat_unmapped"]}');
INSERT INTO "orders" VALUES('shop.example',2,'ЗК-2/А','зк-2/а',1,1,'2026-07-01T09:00:00+00:00','зк-2/а
пётр ёлкин
ооо «ромашка»
+7 999 123-45-67
ленина, 1','{"portal":"shop.example","order_id":2,"number":"ЗК-2/А","version":3,"status_id":"N","is_cancelled":true,"price":56541,"lines":[{"name":"Молоко","quantity":"2","price":8990,"vat_row":3,"vat_percent":"10.00","product_id":77,"base_price":9990,"measure":"шт","is_delivery":false},{"name":"Доставка","quantity":"0.386","price":99900,"vat_row":null,"vat_percent":null,"product_id":0,"base_price":null,"measure":"шт","is_delivery":true}],"payments":[{"payment_id":5,"pay_system_id":2,"pay_system":"Наличные","amount":56541,"is_paid":false,"is_inner":false,"prints_receipt":false}],"shipments":[[9,false],[10,true]],"buyer":{"name":"Пётр Ёлкин","phone":"+7 999 123-45-67","email":"p@example.com","address":"Ленина, 1","company":"ООО «Ромашка»","inn":"7700000000"},"updated_at":"2026-07-01T11:00:00+03:00","comment":"позвонить","delivery_window":"10–12","delivery_date":"2026-07-02","is_courier":true,"problems":["vat_unmapped"]}');
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	receipt_key VARCHAR NOT NULL, 
	step VARCHAR NOT NULL, 
	step_order INTEGER NOT NULL, 
	portal VARCHAR NOT NULL, 
	order_id INTEGER NOT NULL, 
	order_number VARCHAR NOT NULL, 
	order_key VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	due_at INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	facts VARCHAR NOT NULL, 
	proof VARCHAR NOT NULL, 
	is_unsure BOOLEAN NOT NULL, 
	body VARCHAR NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT ck_outbox_step CHECK (step IN ('mark','payment','status','stock')), 
	CONSTRAINT ck_outbox_state CHECK (state IN ('waiting','done','failed','held')), 
	CONSTRAINT fk_outbox_receipt_key FOREIGN KEY(receipt_key) REFERENCES receipts ("key")
);
INSERT INTO "outbox" VALUES(1,'0000000000000081','mark',0,'shop.example',1,'А-1','а-1','done',1,1782896400000000,1782896400000000,'','{}','p',0,'{"step":"mark","of":[1,null,"ё"]}');
INSERT INTO "outbox" VALUES(2,'0000000000000081','payment',1,'shop.example',1,'А-1','а-1','held',0,1782896400000000,1782896400000000,'','{}','',0,'{"step":"payment","of":[1,null,"ё"]}');
INSERT INTO "outbox" VALUES(3,'0000000000000081','status',2,'shop.example',1,'А-1','а-1','waiting',0,1782896400000000,1782896400000000,'','{}','',0,'{"step":"status","of":[1,null,"ё"]}');
INSERT INTO "outbox" VALUES(4,'0000000000000081','stock',3,'shop.example',1,'А-1','а-1','waiting',0,1782896400000000,1782896400000000,'','{}','',0,'{"step":"stock","of":[1,null,"ё"]}');
CREATE TABLE product_codes (
	portal VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	product_id INTEGER NOT NULL, 
	CONSTRAINT pk_product_codes PRIMARY KEY (portal, code, kind, product_id), 
	CONSTRAINT ck_product_codes_kind CHECK (kind IN ('barcode','article','scale'))
);
INSERT INTO "product_codes" VALUES('shop.example','04600000000015','barcode',7);
CREATE TABLE product_prices (
	portal VARCHAR NOT NULL, 
	price_id INTEGER NOT NULL, 
	product_id INTEGER NOT NULL, 
	quantity_from INTEGER, 
	quantity_to INTEGER, 
	kopecks INTEGER NOT NULL, 
	currency VARCHAR NOT NULL, 
	pass_id INTEGER NOT NULL, 
	CONSTRAINT pk_product_prices PRIMARY KEY (portal, price_id), 
	CONSTRAINT ck_product_prices_kopecks CHECK (typeof(kopecks) = 'integer')
);
INSERT INTO "product_prices" VALUES('shop.example',1,7,NULL,NULL,171000,'RUB',1);
CREATE TABLE products (
	portal VARCHAR NOT NULL, 
	product_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	search VARCHAR NOT NULL, 
	kind INTEGER NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	measure INTEGER NOT NULL, 
	measure_name VARCHAR NOT NULL, 
	vat_row INTEGER, 
	vat_included BOOLEAN NOT NULL, 
	marking VARCHAR NOT NULL, 
	updated_at VARCHAR NOT NULL, 
	pass_id INTEGER NOT NULL, 
	CONSTRAINT pk_products PRIMARY KEY (portal, product_id)
);
INSERT INTO "products" VALUES('shop.example',7,'Термос','термос',1,1,0,'шт',4,1,'','2026-07-01T09:00:00+00:00',1);
CREATE TABLE receipts (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	settlement VARCHAR NOT NULL, 
	portal VARCHAR NOT NULL, 
	order_id INTEGER NOT NULL, 
	kind INTEGER NOT NULL, 
	total_kopecks INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	changed_at INTEGER NOT NULL, 
	fiscalized_at INTEGER, 
	storage_number VARCHAR, 
	document_number INTEGER, 
	mark VARCHAR, 
	body VARCHAR NOT NULL, 
	CONSTRAINT pk_receipts PRIMARY KEY (id), 
	CONSTRAINT ck_receipts_state CHECK (state IN ('held','pending','sending','fiscalized','refused','cancelled')), 
	CONSTRAINT ck_receipts_total CHECK (typeof(total_kopecks) = 'integer' AND total_kopecks > 0), 
	CONSTRAINT ck_receipts_kind CHECK (kind BETWEEN 1 AND 4), 
	CONSTRAINT ck_receipts_mark CHECK ((state = 'fiscalized') = (mark IS NOT NULL AND document_number IS NOT NULL AND storage_number IS NOT NULL AND fiscalized_at IS NOT NULL))
);
INSERT INTO "receipts" VALUES(1,'0000000000000081','shop.example|1|1|1','shop.example',1,1,56541,'fiscalized','',1,1782896400000000,1782896400000000,1782896400000000,'9999078900000001',1,'{"document_number":1,"document_sign":"4000000001","receipt_number":1,"shift_number":3,"storage_number":"9999078900000001","registration_number":"0000000001000001","printed_at":"2026-07-01T12:00:30"}','{"identity":"00000000-0000-0000-0000-000000000101","settlement":{"portal":"shop.example","order_id":1,"part":"1","kind":1},"order_number":"А-1","lines":[{"name":"Молоко 3,2 %","price_kopecks":8990,"quantity":"2","sum_kopecks":17980,"vat":2,"payment_method":4,"payment_object":1},{"name":"Сыр «Гауда», кг","price_kopecks":99900,"quantity":"0.386","sum_kopecks":38561,"vat":11,"payment_method":4,"payment_object":1}],"tenders":[{"kind":1031,"amount_kopecks":60000}],"tax_system":1,"till":"till-1","cashier":"Иванова А. П.","created_at":"2026-07-01T12:00:00.000250+00:00","buyer_contact":"+79990000000","buyer_name":"","buyer_inn":"","is_training":false}');
INSERT INTO "receipts" VALUES(2,'00000000000000G1','shop.example|2|1|1','shop.example',2,1,56541,'pending','проверили ФН: чека нет',1,1782896580000000,1782896580000000,NULL,NULL,NULL,NULL,'{"identity":"00000000-0000-0000-0000-000000000201","settlement":{"portal":"shop.example","order_id":2,"part":"1","kind":1},"order_number":"А-2","lines":[{"name":"Молоко 3,2 %","price_kopecks":8990,"quantity":"2","sum_kopecks":17980,"vat":2,"payment_method":4,"payment_object":1},{"name":"Сыр «Гауда», кг","price_kopecks":99900,"quantity":"0.386","sum_kopecks":38561,"vat":11,"payment_method":4,"payment_object":1}],"tenders":[{"kind":1031,"amount_kopecks":60000}],"tax_system":1,"till":"till-1","cashier":"Иванова А. П.","created_at":"2026-07-01T12:00:00.000250+00:00","buyer_contact":"+79990000000","buyer_name":"","buyer_inn":"","is_training":false}');
INSERT INTO "receipts" VALUES(3,'00000000000000R1','shop.example|3|1|1','shop.example',3,1,56541,'cancelled','отменён человеком',0,1782896640000000,1782896640000000,NULL,NULL,NULL,NULL,'{"identity":"00000000-0000-0000-0000-000000000301","settlement":{"portal":"shop.example","order_id":3,"part":"1","kind":1},"order_number":"А-3","lines":[{"name":"Молоко 3,2 %","price_kopecks":8990,"quantity":"2","sum_kopecks":17980,"vat":2,"payment_method":4,"payment_object":1},{"name":"Сыр «Гауда», кг","price_kopecks":99900,"quantity":"0.386","sum_kopecks":38561,"vat":11,"payment_method":4,"payment_object":1}],"tenders":[{"kind":1031,"amount_kopecks":60000}],"tax_system":1,"till":"till-1","cashier":"Иванова А. П.","created_at":"2026-07-01T12:00:00.000250+00:00","buyer_contact":"+79990000000","buyer_name":"","buyer_inn":"","is_training":false}');
INSERT INTO "receipts" VALUES(4,'0000000000000101','shop.example|4|1|1','shop.example',4,1,56541,'sending','',1,1782896640000000,1782896640000000,NULL,NULL,NULL,NULL,'{"identity":"00000000-0000-0000-0000-000000000401","settlement":{"portal":"shop.example","order_id":4,"part":"1","kind":1},"order_number":"А-4","lines":[{"name":"Молоко 3,2 %","price_kopecks":8990,"quantity":"2","sum_kopecks":17980,"vat":2,"payment_method":4,"payment_object":1},{"name":"Сыр «Гауда», кг","price_kopecks":99900,"quantity":"0.386","sum_kopecks":38561,"vat":11,"payment_method":4,"payment_object":1}],"tenders":[{"kind":1031,"amount_kopecks":60000}],"tax_system":1,"till":"till-1","cashier":"Иванова А. П.","created_at":"2026-07-01T12:00:00.000250+00:00","buyer_contact":"+79990000000","buyer_name":"","buyer_inn":"","is_training":false}');
CREATE TABLE refusals (
	id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	day_id INTEGER, 
	portal VARCHAR NOT NULL, 
	order_id INTEGER NOT NULL, 
	order_number VARCHAR NOT NULL, 
	receipt_key VARCHAR NOT NULL, 
	is_whole BOOLEAN NOT NULL, 
	amount_kopecks INTEGER NOT NULL, 
	who VARCHAR NOT NULL, 
	why VARCHAR NOT NULL, 
	lines VARCHAR NOT NULL, 
	CONSTRAINT pk_refusals PRIMARY KEY (id), 
	CONSTRAINT ck_refusals_why CHECK (length(why) > 0), 
	CONSTRAINT ck_refusals_amount CHECK (typeof(amount_kopecks) = 'integer' AND amount_kopecks >= 0), 
	CONSTRAINT fk_refusals_day_id FOREIGN KEY(day_id) REFERENCES courier_days (id)
);
INSERT INTO "refusals" VALUES(1,1782900000000000,1,'shop.example',9,'А-9','',1,12345,'Петров','передумал','{"lines":[{"name":"Чай","quantity":"1","sum_kopecks":12345}]}');
CREATE TABLE shifts (
	storage_number VARCHAR NOT NULL, 
	shift_number INTEGER NOT NULL, 
	factory_number VARCHAR NOT NULL, 
	opened_document INTEGER, 
	opened_at VARCHAR, 
	closed_document INTEGER, 
	closed_at VARCHAR, 
	report VARCHAR NOT NULL, 
	CONSTRAINT pk_shifts PRIMARY KEY (storage_number, shift_number), 
	CONSTRAINT ck_shifts_number CHECK (shift_number >= 1), 
	CONSTRAINT ck_shifts_opened CHECK ((opened_document IS NULL) = (opened_at IS NULL)), 
	CONSTRAINT ck_shifts_closed CHECK ((closed_document IS NULL) = (closed_at IS NULL))
);
INSERT INTO "shifts" VALUES('9999078900000001',3,'00106700000001',NULL,NULL,NULL,NULL,'{"receipts":1}');
CREATE TABLE sync_log (
	id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	entry_id INTEGER, 
	order_number VARCHAR NOT NULL, 
	order_key VARCHAR NOT NULL, 
	step VARCHAR NOT NULL, 
	method VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	http INTEGER, 
	code VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	duration_ms INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	CONSTRAINT pk_sync_log PRIMARY KEY (id), 
	CONSTRAINT ck_sync_log_outcome CHECK (outcome IN ('done','failed','lost'))
);
INSERT INTO "sync_log" VALUES(1,1782896640000000,1,'А-1','а-1','mark','sale.payment.update','done',200,'','',12,1);
CREATE TABLE walk_ins (
	receipt_key VARCHAR NOT NULL, 
	content VARCHAR NOT NULL, 
	is_told BOOLEAN NOT NULL, 
	goods VARCHAR NOT NULL, 
	CONSTRAINT pk_walk_ins PRIMARY KEY (receipt_key), 
	CONSTRAINT ck_walk_ins_content CHECK (length(content) = 64), 
	CONSTRAINT fk_walk_ins_receipt_key FOREIGN KEY(receipt_key) REFERENCES receipts ("key")
);
INSERT INTO "walk_ins" VALUES('0000000000000081','0000000000000000000000000000000000000000000000000000000000000000',1,'[]');
CREATE INDEX ix_orders_courier ON orders (portal, is_courier, order_id);
CREATE INDEX ix_orders_number ON orders (portal, number_key, order_id);
CREATE INDEX ix_orders_search ON orders (portal, order_id, is_courier, search);
CREATE INDEX ix_receipts_day ON receipts (fiscalized_at, kind, total_kopecks) WHERE fiscalized_at IS NOT NULL;
CREATE INDEX ix_receipts_order ON receipts (portal, order_id, id);
CREATE INDEX ix_receipts_state ON receipts (state, id) WHERE state != 'fiscalized';
CREATE UNIQUE INDEX uq_receipts_document ON receipts (storage_number, document_number) WHERE document_number IS NOT NULL;
CREATE UNIQUE INDEX uq_receipts_key ON receipts ("key");
CREATE UNIQUE INDEX uq_receipts_settlement ON receipts (settlement) WHERE state != 'cancelled';
CREATE UNIQUE INDEX uq_attempts_number ON attempts (receipt_key, number);
CREATE UNIQUE INDEX uq_attempts_open ON attempts (factory_number) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX uq_operations_open ON operations (factory_number) WHERE state = 'sending';
CREATE INDEX ix_outbox_open ON outbox (state, due_at, receipt_key) WHERE state != 'done';
CREATE INDEX ix_outbox_order ON outbox (order_key);
CREATE INDEX ix_outbox_receipt ON outbox (receipt_key, step_order);
CREATE INDEX ix_sync_log_entry ON sync_log (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX ix_sync_log_order ON sync_log (order_key);
CREATE INDEX ix_audit_subject ON audit (subject, id);
CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NEW.id <= (SELECT coalesce(max(id), 0) FROM audit) BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE UNIQUE INDEX uq_courier_days_open ON courier_days (is_open) WHERE is_open = 1;
CREATE INDEX ix_refusals_day ON refusals (day_id, id);
CREATE INDEX ix_refusals_order ON refusals (portal, order_id, id);
CREATE INDEX ix_product_codes_product ON product_codes (portal, product_id, kind, code);
CREATE INDEX ix_product_prices_product ON product_prices (portal, product_id);
CREATE INDEX ix_walk_ins_untold ON walk_ins (content) WHERE is_told = 0;
COMMIT;
